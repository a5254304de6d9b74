"""What clients and brokers say to each other: the frames of MQTT, STOMP and AMQP, and the broker's side of them."""
