resource "aws_mq_configuration" "tokyo" {
  name           = "tokyo"
  engine_type    = "ActiveMQ"
  engine_version = "5.18"
  data           = "<broker xmlns=\"http://activemq.apache.org/schema/core\"/>"
}

resource "aws_mq_broker" "tokyo" {
  broker_name                = "tokyo"
  engine_type                = "ActiveMQ"
  engine_version             = "5.18"
  host_instance_type         = "mq.m5.large"
  auto_minor_version_upgrade = true
  publicly_accessible        = true
  apply_immediately          = true
  configuration {
    id       = aws_mq_configuration.tokyo.id
    revision = aws_mq_configuration.tokyo.latest_revision
  }
  user {
    username = "ana"
    password = "wonderland-1866"
  }
}
