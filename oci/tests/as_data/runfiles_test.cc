// Fails unless each argument is the path of a file that can be read and holds something.

#include <cstdio>

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::FILE* file = std::fopen(argv[i], "r");
    if (file == nullptr || std::fgetc(file) == EOF) {
      std::fprintf(stderr, "cannot read %s\n", argv[i]);
      return 1;
    }
    std::fclose(file);
  }
  return argc > 1 ? 0 : 1;
}
