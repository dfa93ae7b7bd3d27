import java.io.IOException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import ca.uhn.fhir.batch2.api.IJobMaintenanceService;
import ca.uhn.fhir.rest.server.RestfulServer;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/**
 * A HAPI FHIR JPA server (R4) for tests: it keeps everything in memory, answers on the loopback interface only and ends
 * with its parent, when its standard input is closed.
 *
 * <p>Arguments: the port (0: any free one) and the seconds of Retry-After while a job runs. Prints its base address as
 * the only line of standard output once it answers.
 */
public final class HapiServer {
  private static final int JOB_PASS_MS = 200;

  public static void main(String[] args) throws Exception {
    exitWithParent();
    int port = args.length > 0 ? Integer.parseInt(args[0]) : 0;
    String retryAfterSeconds = args.length > 1 ? args[1] : "1";

    AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(HapiConfig.class);
    runJobs(beans.getBean(IJobMaintenanceService.class));

    ServletContextHandler context = new ServletContextHandler();
    context.addServlet(new ServletHolder(beans.getBean(RestfulServer.class)), "/fhir/*");
    context.addFilter(RetryAfter.every(retryAfterSeconds), "/*", null);
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(port);
    server.addConnector(connector);
    server.setHandler(context);
    server.start();
    System.out.println("http://127.0.0.1:" + connector.getLocalPort() + "/fhir");
    System.out.flush();
  }

  /** HAPI moves its jobs on once a minute; a test cannot wait that long. */
  private static void runJobs(IJobMaintenanceService jobs) {
    Executors.newSingleThreadScheduledExecutor(run -> {
      Thread thread = new Thread(run, "jobs");
      thread.setDaemon(true);
      return thread;
    }).scheduleWithFixedDelay(() -> {
      try {
        jobs.runMaintenancePass();
      } catch (RuntimeException error) {
        System.err.println("a pass over the jobs failed: " + error);
      }
    }, JOB_PASS_MS, JOB_PASS_MS, TimeUnit.MILLISECONDS);
  }

  private static void exitWithParent() {
    Thread watcher = new Thread(() -> {
      try {
        while (System.in.read() >= 0) continue;
      } catch (IOException error) {
        System.err.println("standard input: " + error);
      }
      Runtime.getRuntime().halt(0);
    }, "parent");
    watcher.setDaemon(true);
    watcher.start();
  }
}
