import { readdir, readFile, readlink } from 'node:fs/promises'

/** Sockets that a process has open, each in words: where it is bound, and to whom it goes. */
export async function socketsOf(pid: number): Promise<readonly string[]> {
  const folder = `/proc/${pid}/fd`
  const names = await readdir(folder).catch(() => [])
  const targets = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => '')))
  const inodes = targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? [])
  const known = await tcpSockets(pid)
  return inodes.map((inode) => known.get(inode) ?? 'not TCP')
}

/** TCP sockets of this machine by inode, as the kernel lists them (`local_address rem_address st … inode`). */
async function tcpSockets(pid: number): Promise<ReadonlyMap<string, string>> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((table) => readFile(`/proc/${pid}/net/${table}`, 'utf8').catch(() => '')),
  )
  const rows = tables.flatMap((table) => table.split('\n').slice(1))
  return new Map(
    rows.flatMap((row) => {
      const [, local = '', remote = '', state = '', , , , , , inode = ''] = row.trim().split(/\s+/)
      return inode === '' ? [] : [[inode, `port ${portOf(local)} to ${portOf(remote)}, state ${state}`] as const]
    }),
  )
}

/** `0100007F:1F90` is 127.0.0.1:8080. */
function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16)
}
