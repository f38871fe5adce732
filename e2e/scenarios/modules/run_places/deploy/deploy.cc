// Runs the program that the first argument names, with the registry and the tag of the environment.
#include <unistd.h>

#include <cstdlib>

int main(int argc, char** argv) {
  const char* registry = std::getenv("REGISTRY");
  const char* tag = std::getenv("TAG");
  if (argc < 2 || !registry || !tag) return 1;
  execl(argv[1], argv[1], "--registry", registry, "--tag", tag, static_cast<char*>(nullptr));
  return 1;
}
