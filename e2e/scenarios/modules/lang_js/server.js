// A service that uses packages of all kinds: with a scope, with a program, of this repository, and with many below them.
const { execFileSync } = require('node:child_process');
const express = require('express');
const is = require('@sindresorhus/is').default;
const winston = require('winston');
const yargs = require('yargs');
const { greeting } = require('@lang_js/greeting');

const log = winston.createLogger({ transports: [new winston.transports.Console()] });
const { name } = yargs(process.argv.slice(2)).default('name', 'layers').parseSync();

const app = express();
app.get('/', (request, response) => {
  // The program of a package: a script that starts Node, which it finds on the PATH.
  const sorted = execFileSync('node_modules/.bin/semver', ['1.10.0', '1.9.0'], { encoding: 'utf8' });
  response.json({
    greeting: greeting(name),
    scoped: is(/x/),
    sorted: sorted.trim().split('\n'),
    user: process.getuid(),
  });
});
app.listen(Number(process.env.PORT), '127.0.0.1', () => log.info('listening'));
process.on('SIGTERM', () => process.exit(0));
