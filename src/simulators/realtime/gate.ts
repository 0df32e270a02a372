import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Entrance } from './dialect.ts'
import type { ModelFamily } from './family.ts'
import type { Faults, UpgradeFaults } from './faults.ts'
import { admit, type Door, refuseUpgrade } from './upgrade.ts'
import { resetSocket } from './wire.ts'

/** What is known of a session before it is. */
export interface SessionInfo {
  /** 0 for the first upgrade that reached a mind. */
  readonly index: number
  /** 0 for the first upgrade with the right key and a model; those that a fault kept out are counted. */
  readonly attempt: number
  readonly model: string
}

/** For all attempts; a list: the n-th for the n-th attempt alone, later ones have none; or chosen for each. */
export type FaultPlan = Faults | readonly Faults[] | ((info: SessionInfo) => Faults)

/** Who was let in. */
export interface Admitted {
  readonly info: SessionInfo
  readonly family: ModelFamily
  readonly faults: Faults
}

/** Decides over upgrades: the door's rules first, then the faults of this attempt, or those that hold for all now. */
export class Gate {
  readonly #door: Door
  readonly #plan: FaultPlan
  #attempts = 0
  #down: UpgradeFaults | undefined

  constructor(door: Door, plan: FaultPlan = {}) {
    this.#door = door
    this.#plan = plan
  }

  /** Keeps everybody out in this way; undefined: nobody. */
  refuse(fault: UpgradeFaults | undefined): void {
    this.#down = fault
  }

  /** @returns undefined when the socket was answered, reset or left waiting instead. */
  admit(request: IncomingMessage, socket: Duplex, index: number): Admitted | undefined {
    const admission = admit(request, this.#door)
    if ('refusal' in admission) {
      refuseUpgrade(socket, this.#door.entrance, admission.refusal)
      return undefined
    }
    const { model, family } = admission
    const info = { index, attempt: this.#attempts++, model }
    const faults = this.#faultsOf(info)
    return keepOut(socket, this.#door.entrance, this.#down ?? faults) ? undefined : { info, family, faults }
  }

  #faultsOf(info: SessionInfo): Faults {
    const plan = this.#plan
    if (typeof plan === 'function') return plan(info)
    return isList(plan) ? (plan[info.attempt] ?? {}) : plan
  }
}

function keepOut(
  socket: Duplex,
  entrance: Entrance,
  { stallUpgrade, resetUpgrade, ...faults }: UpgradeFaults,
): boolean {
  const { refuseUpgrade: refused } = faults
  if (resetUpgrade === true) resetSocket(socket)
  else if (refused !== undefined) {
    refuseUpgrade(socket, entrance, typeof refused === 'number' ? entrance.refusalOf(refused) : refused)
  }
  return stallUpgrade === true || resetUpgrade === true || refused !== undefined
}

function isList(plan: Faults | readonly Faults[]): plan is readonly Faults[] {
  return Array.isArray(plan)
}
