// A program that needs no process but its own.
const is = require('@sindresorhus/is').default;

console.log(`Hello from ${process.cwd()}: ${is(/x/)}`);
