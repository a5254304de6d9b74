"""The traffic between clients and brokers: the frames of MQTT, STOMP and AMQP, and the broker's side of them."""
