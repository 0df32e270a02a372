import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ShelvedFile } from '../../../call/shelf.ts'

/** The playback of a call: one recording a stream, one of them in hand. */
export interface Player {
  readonly recordings: readonly ShelvedFile[]
  readonly recording: ShelvedFile | undefined
  readonly audio: HTMLAudioElement
  readonly playing: boolean
  /** Where it is in the stream in hand [ms]. */
  readonly positionMs: number
  readonly rate: number
  readonly failed: boolean
  toggle(): void
  /** Goes to a moment of a stream, which is named by when it was answered; goes on playing if it was. */
  seek(stream: number, atMs: number): void
  setRate(rate: number): void
}

/** Plays the recordings of a call. The browser fetches what it needs, in parts. */
export function usePlayer(callId: string, recordings: readonly ShelvedFile[]): Player {
  const audio = useMemo(() => new Audio(), [])
  const [stream, setStream] = useState<number>()
  const [positionMs, setPositionMs] = useState(0)
  const [playing, setPlaying] = useState(false)
  const [failed, setFailed] = useState(false)
  const [rate, setRate] = useState(1)
  const seekTo = useRef(0)
  const recording = recordings.find((file) => file.answeredAt === stream) ?? recordings[0]
  const src = recording === undefined ? undefined : sourceOf(callId, recording.name)

  useEffect(() => {
    audio.preload = 'metadata'
    const told: readonly [string, () => void][] = [
      ['timeupdate', () => setPositionMs(audio.currentTime * 1000)],
      ['seeking', () => setPositionMs(audio.currentTime * 1000)],
      ['play', () => setPlaying(true)],
      ['pause', () => setPlaying(false)],
      ['error', () => setFailed(true)],
    ]
    for (const [name, tell] of told) audio.addEventListener(name, tell)
    return () => {
      for (const [name, tell] of told) audio.removeEventListener(name, tell)
      audio.pause()
      audio.removeAttribute('src')
      // Lets go of the connection, which would otherwise go on filling.
      audio.load()
    }
  }, [audio])
  useEffect(() => {
    if (src === undefined) return
    const goOn = !audio.paused
    setFailed(false)
    audio.src = src
    audio.currentTime = seekTo.current / 1000
    if (goOn) void audio.play().catch(() => undefined)
  }, [audio, src])
  useEffect(() => {
    audio.playbackRate = rate
    audio.defaultPlaybackRate = rate
  }, [audio, rate])

  const toggle = useCallback(() => {
    if (audio.paused) void audio.play().catch(() => undefined)
    else audio.pause()
  }, [audio])
  const inHand = recording?.answeredAt
  const seek = useCallback(
    (wanted: number, atMs: number) => {
      seekTo.current = Math.max(0, atMs)
      if (wanted === inHand) audio.currentTime = seekTo.current / 1000
      else setStream(wanted)
      setPositionMs(seekTo.current)
    },
    [audio, inHand],
  )
  return { recordings, recording, audio, playing, positionMs, rate, failed, toggle, seek, setRate }
}

/** Where a file of a call is fetched. */
export function sourceOf(callId: string, name: string): string {
  return `/api/calls/${encodeURIComponent(callId)}/files/${encodeURIComponent(name)}`
}
