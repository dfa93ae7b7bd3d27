import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;

/**
 * Validates folders of NDJSON with HL7's instance validator. Arguments: the FHIR version, then the folders. Prints a
 * line for each folder and kind of error: folder, count, message id, and path without indexes, separated by tabs. The
 * line with the id `resources` holds the number of resources. No value of a resource is printed.
 */
public final class Validate {
  public static void main(String[] args) throws IOException {
    FhirValidator validator = validatorFor(args[0]);
    for (int k = 1; k < args.length; k++) report(args[k], errorsIn(Path.of(args[k]), validator));
  }

  private static FhirValidator validatorFor(String version) {
    FhirContext context = switch (version) {
      case "STU3" -> FhirContext.forDstu3();
      case "R4" -> FhirContext.forR4();
      case "R5" -> FhirContext.forR5();
      default -> throw new IllegalArgumentException("no FHIR version " + version);
    };
    FhirInstanceValidator instances = new FhirInstanceValidator(new ValidationSupportChain(
        new DefaultProfileValidationSupport(context),
        new CommonCodeSystemsTerminologyService(context),
        new InMemoryTerminologyServerValidationSupport(context)));
    instances.setErrorForUnknownProfiles(false);
    instances.setAnyExtensionsAllowed(true);
    FhirValidator validator = context.newValidator();
    validator.registerValidatorModule(instances);
    return validator;
  }

  private static Map<String, Integer> errorsIn(Path folder, FhirValidator validator) throws IOException {
    Map<String, Integer> errors = new TreeMap<>();
    errors.put("resources\t", 0);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.ndjson")) {
      for (Path file : files) {
        try (BufferedReader reader = Files.newBufferedReader(file)) {
          for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            errors.merge("resources\t", 1, Integer::sum);
            for (SingleValidationMessage message : validator.validateWithResult(line).getMessages())
              if (message.getSeverity().compareTo(ResultSeverityEnum.ERROR) >= 0)
                errors.merge(message.getMessageId() + "\t" + pathOf(message), 1, Integer::sum);
          }
        }
      }
    }
    return errors;
  }

  private static String pathOf(SingleValidationMessage message) {
    String path = message.getLocationString();
    return path == null ? "" : path.replaceAll("\\[\\d+\\]", "").replaceAll("/\\*[^*]*\\*/", "");
  }

  private static void report(String folder, Map<String, Integer> errors) {
    errors.forEach((kind, count) -> System.out.println(folder + "\t" + count + "\t" + kind));
    System.out.flush();
  }
}
