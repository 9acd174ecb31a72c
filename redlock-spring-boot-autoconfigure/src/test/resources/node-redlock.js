// A client of node-redlock that does what it is told on standard input, one answer a line.
'use strict';
const Redis = require('ioredis');
const Redlock = require('redlock').default;
const readline = require('readline');

const clients = process.argv[2].split(',').map((port) => new Redis(Number(port), '127.0.0.1'));
const redlock = new Redlock(clients, { retryCount: 0 });
redlock.on('error', () => {});
let lock;

const commands = {
  acquire: async (resource) => { lock = await redlock.acquire([resource], 30000); },
  extend: async () => { lock = await lock.extend(30000); },
  release: async () => { await lock.release(); },
};

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [command, ...args] = line.split(' ');
    try {
      await commands[command](...args);
      console.log('ok');
    } catch (error) {
      console.log('failed');
    }
  }
  clients.forEach((client) => client.disconnect());
})();
