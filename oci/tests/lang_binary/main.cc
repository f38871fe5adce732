// What an image of a binary holds doesn't depend on what it does.
int main() { return 0; }
