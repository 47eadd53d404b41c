// Nothing happens here: the target exists so that the tests can share its precompiled header.
int main() { return 0; }
