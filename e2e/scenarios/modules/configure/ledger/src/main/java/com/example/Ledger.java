package com.example;

/** Greets. */
public final class Ledger {
  public static void main(String[] args) {
    System.out.println("Hello from Java");
  }
}
