import { type Check, fail, ok } from './check.ts'

/** Type stripping without a flag, `node:sqlite` and `await using` are all there from here on. */
const OLDEST = 24

/** Whether this Node.js runs the code as it is written. */
export const nodeVersionCheck: Check = {
  name: 'node',
  async run() {
    const { node } = process.versions
    if (Number(node.split('.')[0]) >= OLDEST) return ok(`Node.js ${node}`)
    return fail(`Node.js ${node} is too old`, `run it with Node.js ${OLDEST} or later; \`npm start\` does`)
  },
}
