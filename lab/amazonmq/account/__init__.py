"""An AWS account's Amazon MQ as frozen values, and the service's verbs as functions Account → Account."""
