import java.util.HashMap;
import java.util.Map;
import java.util.Scanner;
import javax.jms.Connection;
import javax.jms.Destination;
import javax.jms.JMSException;
import javax.jms.Message;
import javax.jms.MessageConsumer;
import javax.jms.MessageProducer;
import javax.jms.Session;
import javax.jms.TextMessage;
import javax.jms.Topic;
import org.apache.activemq.ActiveMQConnection;
import org.apache.activemq.ActiveMQConnectionFactory;
import org.apache.activemq.ActiveMQSession;

/** The applications of applications.py over OpenWire: the modes are auto, dups-ok, client, individual and transacted. */
public class Applications {
    private static final Map<String, Integer> MODES = Map.of("auto", Session.AUTO_ACKNOWLEDGE, "dups-ok", Session.DUPS_OK_ACKNOWLEDGE,
        "client", Session.CLIENT_ACKNOWLEDGE, "individual", ActiveMQSession.INDIVIDUAL_ACKNOWLEDGE, "transacted", Session.SESSION_TRANSACTED);
    private static final Map<String, Session> SENDERS = new HashMap<>();
    private static String url;

    public static void main(String[] words) throws Exception {
        url = "ssl://" + words[0] + ":" + words[1];
        Scanner lines = new Scanner(System.in);
        while (lines.hasNextLine()) {
            String[] parts = lines.nextLine().split(" ");
            Map<String, String> options = new HashMap<>();
            for (int i = 4; i < parts.length; i++) {
                options.put(parts[i].split("=", 2)[0], parts[i].split("=", 2)[1]);
            }
            if (parts[0].equals("receive")) {
                receive(parts[1], parts[2], parts[3], options);
            } else {
                send(parts[1], parts[2], parts[3], options);
            }
        }
        System.exit(0);
    }

    private static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private static void receive(String name, String mode, String destination, Map<String, String> options) throws JMSException {
        Session session = session(name, mode);
        Destination from = destination(session, destination);
        MessageConsumer consumer = options.containsKey("durable")
            ? session.createDurableSubscriber((Topic) from, options.get("durable"), options.get("selector"), false)
            : session.createConsumer(from, options.get("selector"));
        consumer.setMessageListener(message -> {
            try {
                take(session, name, mode, (TextMessage) message, options);
            } catch (JMSException | InterruptedException error) {
                throw new IllegalStateException(error);
            }
        });
        say("receiving " + name);
    }

    private static void take(Session session, String name, String mode, TextMessage message, Map<String, String> options)
        throws JMSException, InterruptedException {
        say("got " + name + " " + message.getText());
        if (options.containsKey("keep")) {
            if (mode.equals("auto") || mode.equals("dups-ok")) {
                Thread.sleep(600_000); // the end of the listener would be the acknowledgement
            }
            return;
        }
        if (options.containsKey("refuse")) {
            if (mode.equals("transacted")) {
                session.rollback();
                return;
            }
            throw new IllegalStateException("refused");
        }
        if (mode.equals("transacted")) {
            session.commit();
        } else if (mode.equals("client") || mode.equals("individual")) {
            message.acknowledge();
        }
        say("done " + name + " " + message.getText());
    }

    private static void send(String name, String destination, String body, Map<String, String> options) throws JMSException {
        if (!SENDERS.containsKey(name)) {
            SENDERS.put(name, session(name, "auto"));
        }
        Session session = SENDERS.get(name);
        MessageProducer producer = session.createProducer(destination(session, destination));
        if (options.containsKey("ttl")) {
            producer.setTimeToLive(Long.parseLong(options.get("ttl")));
        }
        Message message = session.createTextMessage(body);
        if (options.containsKey("kind")) {
            message.setStringProperty("kind", options.get("kind"));
        }
        producer.send(message);
        producer.close();
        say("sent " + name + " " + body);
    }

    private static Session session(String name, String mode) throws JMSException {
        ActiveMQConnectionFactory factory =
            new ActiveMQConnectionFactory(System.getenv("APPLICATION_USER"), System.getenv("APPLICATION_PASSWORD"), url);
        factory.getRedeliveryPolicy().setMaximumRedeliveries(1);
        factory.getRedeliveryPolicy().setInitialRedeliveryDelay(10);
        Connection connection = factory.createConnection();
        ((ActiveMQConnection) connection).setClientID(name);
        connection.start();
        return connection.createSession(mode.equals("transacted"), MODES.get(mode));
    }

    private static Destination destination(Session session, String written) throws JMSException {
        String name = written.substring(6); // queue: and topic: are as long
        return written.startsWith("topic:") ? session.createTopic(name) : session.createQueue(name);
    }
}
