package com.example;

class Greeting {
  static String text() {
    return "hello";
  }
}
