// A library of this repository, which programs load as a package.
exports.greeting = (name) => `Hello, ${name}`;
