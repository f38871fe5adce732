import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * Stands in for the program of the same name in Bazel's java_tools, which Debian has no package of: javac, and a jar of
 * what it wrote. Annotation processors don't run, and nothing is told of dependencies.
 */
public class JavaBuilder {
  public static void main(String[] arguments) throws IOException {
    Map<String, List<String>> options = options(arguments);
    Path output = path(options, "--output");
    Path classes = Files.createDirectory(Path.of(output + ".classes"));

    List<String> javac = new ArrayList<>(options.getOrDefault("--javacopts", List.of()));
    javac.addAll(List.of("-d", classes.toString(), "-proc:none"));
    javac.addAll(List.of("-cp", String.join(":", options.getOrDefault("--classpath", List.of()))));
    List<String> sources = options.getOrDefault("--sources", List.of());
    javac.addAll(sources);
    if (!sources.isEmpty()) {
      int code = ToolProvider.findFirst("javac").orElseThrow().run(System.err, System.err, javac.toArray(String[]::new));
      if (code != 0) {
        System.exit(code);
      }
    }

    writeJar(output, classes);
    Path nothing = Files.createDirectory(Path.of(output + ".nothing"));
    for (String jar : List.of("--native_header_output", "--generated_sources_output")) {
      if (options.containsKey(jar)) {
        writeJar(path(options, jar), nothing);
      }
    }
    for (String message : List.of("--output_manifest_proto", "--output_deps_proto")) {
      if (options.containsKey(message)) {
        Files.write(path(options, message), new byte[0]);
      }
    }
  }

  /** Each option with its values: all up to the next one, or for javac's own options up to `--`. */
  private static Map<String, List<String>> options(String[] arguments) throws IOException {
    Map<String, List<String>> options = new HashMap<>();
    List<String> values = new ArrayList<>();
    boolean javac = false;
    for (String argument : expanded(arguments)) {
      if (javac ? argument.equals("--") : argument.startsWith("--")) {
        values = options.computeIfAbsent(argument, name -> new ArrayList<>());
        javac = argument.equals("--javacopts");
      } else {
        values.add(argument);
      }
    }
    return options;
  }

  private static List<String> expanded(String[] arguments) throws IOException {
    List<String> all = new ArrayList<>();
    for (String argument : arguments) {
      if (argument.startsWith("@")) {
        all.addAll(Files.readAllLines(Path.of(argument.substring(1))));
      } else {
        all.add(argument);
      }
    }
    return all;
  }

  private static Path path(Map<String, List<String>> options, String name) {
    return Path.of(options.get(name).get(0));
  }

  /** A jar whose bytes depend on the files in it alone: sorted, and of one time. */
  private static void writeJar(Path jar, Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> found = Files.walk(folder)) {
      files = found.filter(Files::isRegularFile).sorted().toList();
    }
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(out)) {
      for (Path file : files) {
        JarEntry entry = new JarEntry(folder.relativize(file).toString());
        entry.setTimeLocal(java.time.LocalDateTime.of(2010, 1, 1, 0, 0));
        entries.putNextEntry(entry);
        Files.copy(file, entries);
        entries.closeEntry();
      }
    }
  }
}
