"""Says for everything that it is not there, as the base class's documentation suggests."""


def get_metadata():
    raise NotImplementedError


def get_predict_args():
    raise NotImplementedError


def get_train_args():
    raise NotImplementedError()


def warm():
    raise NotImplementedError


def predict():
    return "without arguments"
