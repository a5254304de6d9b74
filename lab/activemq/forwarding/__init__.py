"""ActiveMQ's rules for a network of brokers: which brokers learn of a consumer, and where a message then goes. Pure.

A bridge carries in one direction; a duplex connector makes two of them. Demand goes against the messages:

    consumer at C ──advisory──▶ bridge B→C subscribes at B ──advisory──▶ bridge A→B subscribes at A
    message at A  ──bridge A→B──▶ B ──bridge B→C──▶ C

Sources, of ActiveMQ 5.18.3 unless a release is named: `network/DemandForwardingBridgeSupport`, `network/ConduitBridge`,
`network/DurableConduitBridge`, `command/NetworkBridgeFilter`, `network/ConditionalNetworkBridgeFilterFactory`,
`filter/DestinationFilter` and its kinds. What differs between releases is in `settings.py`.
"""
