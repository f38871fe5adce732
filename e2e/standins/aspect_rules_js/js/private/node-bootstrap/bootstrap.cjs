// Loaded before the program: processes that it starts by process.execPath are started by the wrapper, and load this too.
process.argv[0] = process.execPath = process.env.JS_BINARY__NODE_WRAPPER;
