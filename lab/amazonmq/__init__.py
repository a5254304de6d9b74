"""What Amazon MQ does with a broker: names, users, a configuration, and the files a real ActiveMQ gets from them."""
