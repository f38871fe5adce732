// int main() {}
const char *text = "int main() {}";
const char *raw = R"(
int main() {
)";
char quote() { return '"'; } int main(int argc, char **argv) { return argv[0][0] == '"'; }
