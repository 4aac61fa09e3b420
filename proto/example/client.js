#!/usr/bin/env node
// A complete client of tcpengined, to read beside ../README.md; client.py does the same in Python.
//
// Connects through the daemon to HOST PORT, sends TEXT (or standard input), shuts its direction down,
// prints what comes back until the peer's end, and closes. It needs Node.js (18 or later) and nothing
// else: class Messages reads the .proto file and knows as much of protobuf as it uses, and class Link
// is the Scalability Protocols' side.
"use strict";
const crypto = require("crypto");
const fs = require("fs");
const net = require("net");
const path = require("path");

const DEFAULT_CONTROL = "ipc:///run/tcpengine/control.sock";
const PROTO = path.join(__dirname, "..", "tcpengine", "v1", "tcpengine.proto");
const MESSAGE_MAX = 256 * 1024; // either way, with the request id
const SEND_MAX = 64 * 1024; // bytes of data in one Send; a message would hold almost four times that
const WAIT_MS = 30000;

// Messages and enums of the .proto file, as {name: {field: {type, number, isRepeated}}}. Integers become
// BigInt if they have 64 bits, else numbers.
class Messages {
  constructor(file) {
    const text = fs.readFileSync(file, "utf8").replace(/\/\/.*/g, "").replace(/oneof \w+ \{([^}]*)\}/g, "$1");
    this.types = {};
    this.enums = {};
    for (const [, kind, name, body] of text.matchAll(/(message|enum) (\w+) \{([^}]*)\}/g)) {
      const fields = {};
      for (const [, repeated, type, field, number] of
        body.matchAll(/(repeated )?(?:(\w+) )?(\w+) = (\d+);/g))
        fields[field] = kind === "enum" ? Number(number)
          : { type, number: Number(number), isRepeated: repeated !== undefined };
      (kind === "enum" ? this.enums : this.types)[name] = fields;
    }
  }

  static varint(value) {
    const bytes = [];
    for (let rest = BigInt(value); ; rest >>= 7n) {
      if (rest < 128n) return Buffer.from([...bytes, Number(rest)]);
      bytes.push(Number(rest & 127n) | 128);
    }
  }

  encode(type, value) {
    const pieces = [];
    for (const [name, content] of Object.entries(value)) {
      const field = this.types[type][name];
      const isMessage = field.type in this.types;
      if (isMessage || field.type === "bytes" || field.type === "string") {
        const bytes = isMessage ? this.encode(field.type, content) : Buffer.from(content);
        pieces.push(Messages.varint(field.number << 3 | 2), Messages.varint(bytes.length), bytes);
      } else {
        pieces.push(Messages.varint(field.number << 3), Messages.varint(content));
      }
    }
    return Buffer.concat(pieces);
  }

  decode(type, buffer) {
    const value = {};
    let at = 0;
    const varint = () => {
      let result = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = buffer[at++];
        if (byte === undefined) throw new Error("malformed message");
        result |= BigInt(byte & 127) << shift;
        if (byte < 128) return result;
      }
    };
    while (at < buffer.length) {
      const key = Number(varint());
      let content;
      if ((key & 7) === 0) content = varint();
      else if ((key & 7) === 1) content = buffer.readBigUInt64LE((at += 8) - 8);
      else {
        const length = Number(varint());
        content = buffer.subarray(at, at += length);
      }
      const [name, field] = Object.entries(this.types[type]).find(([, one]) => one.number === key >> 3) || [];
      if (name === undefined || field.isRepeated) continue; // of a later version, or not used here
      if (field.type in this.types) content = this.decode(field.type, content);
      else if (field.type === "string") content = content.toString();
      else if (field.type === "uint32" || field.type in this.enums) content = Number(content);
      value[name] = content;
    }
    return value;
  }
}

// SP REQ over a Unix socket: one request, one reply.
class Link {
  constructor(control) {
    if (!control.startsWith("ipc://")) throw new Error("the control socket is ipc:///PATH");
    this.received = Buffer.alloc(0);
    this.requestId = crypto.randomInt(2 ** 31);
    this.socket = net.createConnection(control.slice("ipc://".length));
    this.socket.on("data", (piece) => {
      this.received = Buffer.concat([this.received, piece]);
      this.wake();
    });
    this.socket.on("error", (error) => { this.error = error; this.wake(); });
    this.socket.on("close", () => { this.error ??= new Error("the daemon closed the link"); this.wake(); });
    this.wake = () => {};
  }

  async read(size) {
    while (this.received.length < size) {
      if (this.error) throw this.error;
      await new Promise((resolve) => { this.wake = resolve; });
    }
    const data = this.received.subarray(0, size);
    this.received = this.received.subarray(size);
    return data;
  }

  // Both greet at once: NUL "SP" NUL, the protocol (REQ 0x30, REP 0x31), a reserved word.
  async greet() {
    this.socket.write(Buffer.from("\0SP\0\0\x30\0\0", "latin1"));
    if (!(await this.read(8)).equals(Buffer.from("\0SP\0\0\x31\0\0", "latin1")))
      throw new Error("not an SP REP server");
  }

  // A frame is 01, a be64 length, and the message: a request id and the body.
  async exchange(body) {
    const header = Buffer.alloc(13);
    this.requestId = (this.requestId + 1) % 2 ** 31;
    header[0] = 1;
    header.writeBigUInt64BE(BigInt(body.length + 4), 1);
    header.writeUInt32BE(this.requestId + 2 ** 31, 9); // top bit: the last id
    this.socket.write(Buffer.concat([header, body]));
    for (;;) {
      const start = await this.read(9);
      const length = Number(start.readBigUInt64BE(1));
      if (start[0] !== 1 || length < 4 || length > MESSAGE_MAX) throw new Error("malformed frame");
      const reply = await this.read(length);
      if (reply.readUInt32BE(0) === header.readUInt32BE(9)) return reply.subarray(4);
    } // else it answers a request that was given up
  }
}

// The daemon answered with an error.
class Failed extends Error {
  constructor(status) {
    super(`${status.message}${status.hint ? ` (${status.hint})` : ""} [${status.errno_name}]`);
    this.code = status.code;
  }
}

// The verbs as methods. Each returns the verb's result, or throws Failed.
class Client {
  constructor(control) {
    this.messages = new Messages(PROTO);
    this.code = this.messages.enums.Code;
    this.link = new Link(control);
    this.session = 0n;
    this.requestId = 0;
  }

  async call(verb, fields) {
    const request = { api_major: 1, session: this.session, request_id: ++this.requestId, [verb]: fields };
    const body = await this.link.exchange(this.messages.encode("Request", request));
    const response = this.messages.decode("Response", body);
    if (response.status && response.status.code) throw new Failed(response.status);
    return response[verb];
  }

  // From here on our connections end with us: with a RST when we die.
  async attach() {
    await this.link.greet();
    const policy = this.messages.enums.DeathPolicy.POLICY_ABORT;
    this.session = (await this.call("attach", { client_name: "client.js", policy })).session;
  }

  // A token makes a repeated Open answer the same connection.
  open(address, port) {
    const token = crypto.randomBytes(8).readBigUInt64LE() | 1n;
    return this.call("open", { remote: { address, port }, token, wait_ms: WAIT_MS });
  }

  // The same, until something has happened.
  async callAgain(verb, fields) {
    for (;;) {
      try {
        return await this.call(verb, fields);
      } catch (failure) {
        if (failure.code !== this.code.AGAIN) throw failure;
      }
    }
  }

  // Send is safe to repeat: its offset says which bytes of the stream it means.
  async sendAll(id, data) {
    for (let offset = 0; ;) {
      const piece = data.subarray(offset, offset + SEND_MAX);
      const fin = offset + piece.length === data.length ? 1 : 0;
      const sent = await this.callAgain("send", { id, offset, data: piece, fin, wait_ms: WAIT_MS });
      offset = Number(sent.accepted_to ?? 0n); // what is 0 is not sent
      if (sent.fin_accepted) return;
    }
  }

  // Yields what comes. The next from_offset tells the daemon what it may forget.
  async *receiveAll(id) {
    for (let offset = 0; ;) {
      const got = await this.callAgain("receive", { id, from_offset: offset, wait_ms: WAIT_MS });
      offset += got.data ? got.data.length : 0;
      if (got.data) yield got.data;
      if (got.end) return;
    }
  }

  close(id) {
    return this.call("close", { id, wait_ms: WAIT_MS });
  }
}

async function main(words) {
  let control = process.env.TCPENGINE_CONTROL || DEFAULT_CONTROL;
  if (words[0] === "--control") [, control] = words.splice(0, 2);
  const [host, port, text] = words;
  if (!/^\d+$/.test(port ?? "")) throw new Error("usage: client.js [--control URL] HOST PORT [TEXT]");
  const data = text === undefined ? fs.readFileSync(0) : Buffer.from(text + "\n");
  const client = new Client(control);
  await client.attach();
  const opened = await client.open(host, Number(port));
  console.error(`connection ${opened.id} from ${opened.local.address}:${opened.local.port}`);
  await client.sendAll(opened.id, data);
  for await (const piece of client.receiveAll(opened.id)) fs.writeSync(1, piece);
  const state = (await client.close(opened.id)).state ?? 0;
  console.error(`closed: ${Object.entries(client.messages.enums.State).find(([, n]) => n === state)[0]}`);
  client.link.socket.destroy();
}

main(process.argv.slice(2)).catch((failure) => {
  console.error(`client.js: ${failure.message}`);
  process.exit(1);
});
