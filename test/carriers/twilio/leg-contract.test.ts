import { testCarrierLeg } from '../../contract/carrier-leg.ts'
import { openRig } from './rig.ts'

// Over a real socket: what the phone sends has been read by the leg when a ping behind it is answered.
testCarrierLeg('the Twilio media stream', async () => {
  const rig = await openRig({ deaf: true })
  const { leg, phone } = await rig.dial()
  return {
    leg,
    phone: {
      say: (audio) => phone.say(audio),
      press: (digit) => phone.press(digit),
      echo: (name) => phone.echo(name),
      hangUp: () => {
        phone.stop()
        phone.socket.close(1000)
      },
      breakDown: () => phone.socket.terminate(),
      requests: () => phone.requests(),
      async settle() {
        await phone.settle()
        // The phone's own close is known to it before the leg has seen it.
        if (phone.socket.readyState === phone.socket.CLOSED) await rig.streamEnded()
      },
    },
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  }
})
