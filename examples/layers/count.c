// Counts the lines of its data file, and prints what it finds in the other layers of its image.
// Data files are found the way that Bazel lays them out: in the runfiles directory next to the program.

#include <stdio.h>

static const char *const DATA = ".runfiles/_main/examples/layers/words.txt";
static const char *const CONFIG = "/etc/count.conf";

static int count_lines(const char *path) {
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    perror(path);
    return -1;
  }
  int lines = 0;
  for (int c = fgetc(file); c != EOF; c = fgetc(file)) lines += c == '\n';
  fclose(file);
  return lines;
}

int main(int argc, char **argv) {
  (void)argc;
  char data[4096];
  if (snprintf(data, sizeof data, "%s%s", argv[0], DATA) >= (int)sizeof data) return 1;
  const int words = count_lines(data);
  const int settings = count_lines(CONFIG);
  if (words < 0 || settings < 0) return 1;
  printf("%d words, %d settings\n", words, settings);
  return 0;
}
