"""Objects whose `train` takes what other packages' `predict` takes, and tells what it was given."""

from compat_models import cookies, files as file_arguments, nested as nested_arguments
from compat_models import defaults as default_arguments, old_style, types as types_arguments
from compat_models.told import told


class Takes:
    def __init__(self, arguments):
        self.arguments = arguments

    def get_train_args(self):
        return self.arguments()

    def train(self, **kwargs):
        return told(kwargs)


places = Takes(old_style.get_predict_args)
defaults = Takes(default_arguments.get_predict_args)
nested = Takes(nested_arguments.get_predict_args)
types = Takes(types_arguments.get_predict_args)
files = Takes(file_arguments.get_predict_args)
secrets = Takes(cookies.get_predict_args)
