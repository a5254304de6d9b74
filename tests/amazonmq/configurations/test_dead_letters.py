"""Which destinations take dead letters, as configurations name them."""

from __future__ import annotations

import pytest

from lab.amazonmq.configurations.configuration import read
from lab.amazonmq.configurations.dead_letters import individual, shared

XML = """<broker xmlns="http://activemq.apache.org/schema/core"><destinationPolicy><policyMap><policyEntries>
<policyEntry queue=">"><deadLetterStrategy>{}</deadLetterStrategy></policyEntry>
</policyEntries></policyMap></destinationPolicy></broker>"""


@pytest.mark.parametrize(
    ("attributes", "of_queue", "of_topic"),
    [
        ("", "queue://ActiveMQ.DLQ.Queue.a", "queue://ActiveMQ.DLQ.Topic.a"),
        ('useQueueForTopicMessages="true"', "queue://ActiveMQ.DLQ.Queue.a", "queue://ActiveMQ.DLQ.Topic.a"),
        ('useQueueForTopicMessages="false"', "queue://ActiveMQ.DLQ.Queue.a", "topic://ActiveMQ.DLQ.Topic.a"),
        ('useQueueForQueueMessages="false"', "topic://ActiveMQ.DLQ.Queue.a", "queue://ActiveMQ.DLQ.Topic.a"),
        ('topicPrefix="" topicSuffix=".dead"', "queue://ActiveMQ.DLQ.Queue.a", "queue://a.dead"),
    ],
)
def test_a_strategy_of_its_own_names_one_for_each(attributes: str, of_queue: str, of_topic: str) -> None:
    its = [read(XML.format(f"<individualDeadLetterStrategy {attributes}/>").encode(), "a.xml")]
    assert individual(its, "queue://a") == {of_queue}
    assert individual(its, "topic://a") == {of_topic}
    assert shared(its) == {"queue://ActiveMQ.DLQ"}
