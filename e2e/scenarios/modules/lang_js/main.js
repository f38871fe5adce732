// What the examples of the documentation run.
console.log(`Hello from ${process.cwd()}`);
