"""The service's side of a lab as frozen values, and its verbs, each from an Account to an Account."""
