import java.io.IOException;

import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import org.eclipse.jetty.ee10.servlet.FilterHolder;

/** Answers with another Retry-After than HAPI's 120 seconds, which no test can wait for. */
final class RetryAfter implements Filter {
  private final String seconds;

  private RetryAfter(String seconds) {
    this.seconds = seconds;
  }

  static FilterHolder every(String seconds) {
    return new FilterHolder(new RetryAfter(seconds));
  }

  @Override
  public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    chain.doFilter(request, new HttpServletResponseWrapper((HttpServletResponse) response) {
      @Override
      public void addHeader(String name, String value) {
        super.addHeader(name, replaced(name, value));
      }

      @Override
      public void setHeader(String name, String value) {
        super.setHeader(name, replaced(name, value));
      }
    });
  }

  private String replaced(String name, String value) {
    return name.equalsIgnoreCase("Retry-After") ? seconds : value;
  }
}
