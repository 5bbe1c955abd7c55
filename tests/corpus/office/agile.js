// Makes the agile files with the npm package officecrypto-tool 0.0.19, an implementation that is
// not ours: NODE_PATH=... node agile.js
const fs = require('fs');
const tool = require('officecrypto-tool');
for (const [from, to, password] of [['plain.docx', 'agile.docx', 'weir'],
  ['plain.xlsx', 'velvet-agile.xlsx', 'VelvetSweatshop']]) {
  fs.writeFileSync(to, tool.encrypt(fs.readFileSync(from), {password}));
}
