package com.example;

import com.google.devtools.build.runfiles.Runfiles;
import com.google.gson.Gson;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Answers with what it was started with. */
public class Server {
  public static void main(String[] arguments) throws IOException {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("the shutdown hook has run")));
    int port = Integer.parseInt(System.getenv("PORT"));
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.createContext(
        "/",
        exchange -> {
          byte[] body = answer(arguments).getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    System.out.println("listening");
  }

  private static String answer(String[] arguments) throws IOException {
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("text", Greeting.text());
    answer.put("arguments", arguments);
    answer.put("file", Files.readString(Path.of("server/greeting.txt")).strip());
    answer.put("runfile", Files.readString(Path.of(Runfiles.preload().withSourceRepository("").rlocation(System.getenv("GREETING")))).strip());
    answer.put("property", System.getProperty("greeting"));
    answer.put("java_home", System.getProperty("java.home"));
    answer.put("tuned", System.getProperty("tuned"));
    answer.put("heap", Runtime.getRuntime().maxMemory() >> 20);
    return new Gson().toJson(answer);
  }
}
