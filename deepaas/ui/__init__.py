"""The try-me page, where users can try every model.

It is a Gradio application in a separate process. It only uses the V2 API of the host, so it also
works with DEEPaaS 2.x.
"""
