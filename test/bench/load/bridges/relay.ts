import { type RawData, WebSocket } from 'ws'
import { serveBridge } from './serve.ts'

/** The floor: what it costs to receive a message and send it on, both ways, without looking into it. */
serveBridge((carrier, modelUrl) => {
  const model = new WebSocket(modelUrl, { perMessageDeflate: false })
  const early: RawData[] = []
  carrier.on('message', (data) => {
    if (model.readyState === WebSocket.OPEN) model.send(data, { binary: false })
    else early.push(data)
  })
  model.on('open', () => {
    for (const data of early) model.send(data, { binary: false })
  })
  model.on('message', (data) => carrier.send(data, { binary: false }))
  carrier.on('close', () => model.close())
  model.on('close', () => carrier.close())
})
