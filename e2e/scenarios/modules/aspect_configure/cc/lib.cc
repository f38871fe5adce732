/* int main() {} */
int domain();
int remain(int x) { return x; }
