#include <stdio.h>

int main(void) {
  puts("Goodbye");
  return 0;
}
