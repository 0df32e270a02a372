import { FakeLeg } from '../fakes/fake-leg.ts'
import { testCarrierLeg } from './carrier-leg.ts'

testCarrierLeg('the fake leg', async () => {
  const leg = new FakeLeg()
  return {
    leg,
    phone: {
      say: (audio) => leg.say(audio),
      press: (digit) => leg.press(digit),
      echo: (name) => leg.echo(name),
      hangUp: () => leg.hangUp(),
      breakDown: () => leg.breakDown(),
      requests: () => leg.requests,
      settle: async () => {},
    },
    [Symbol.asyncDispose]: () => leg[Symbol.asyncDispose](),
  }
})
