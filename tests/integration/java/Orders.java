import javax.jms.Connection;
import javax.jms.MessageConsumer;
import javax.jms.Session;
import javax.jms.TextMessage;
import org.apache.activemq.ActiveMQConnectionFactory;

/**
 * Sends orders to a queue, or receives them, one line each: Orders send|receive URL QUEUE COUNT, with a login in the environment.
 * Or times what each send takes with its acknowledgement: Orders time URL QUEUE COUNT, in ms, the quickest alone.
 */
public class Orders {
    public static void main(String[] words) throws Exception {
        String user = System.getenv("MQLAB_JAVA_USER"), password = System.getenv("MQLAB_JAVA_PASSWORD");
        Connection connection = new ActiveMQConnectionFactory(user, password, words[1]).createConnection();
        connection.start();
        Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
        int count = Integer.parseInt(words[3]);
        if (words[0].equals("send")) {
            var producer = session.createProducer(session.createQueue(words[2]));
            for (int number = 1; number <= count; number++) {
                producer.send(session.createTextMessage("order " + number));
                System.out.println("sent " + number);
                Thread.sleep(50);
            }
        } else if (words[0].equals("time")) {
            var producer = session.createProducer(session.createQueue(words[2]));
            long quickest = Long.MAX_VALUE;
            for (int number = 1; number <= count; number++) {
                long begun = System.nanoTime();
                producer.send(session.createTextMessage("order " + number));
                quickest = Math.min(quickest, System.nanoTime() - begun);
            }
            System.out.println("quickest " + quickest / 1_000_000);
        } else {
            MessageConsumer consumer = session.createConsumer(session.createQueue(words[2]));
            for (int number = 1; number <= count; number++) {
                TextMessage message = (TextMessage) consumer.receive(60_000);
                System.out.println(message == null ? "nothing" : message.getText());
            }
        }
        connection.close();
    }
}
