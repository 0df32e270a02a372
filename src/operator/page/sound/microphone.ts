/**
 * Why there is no microphone: it was not allowed; there is none; another program has it; the browser gives none to a page
 * that did not come over https or from this machine; it was there and is gone.
 */
export type MicrophoneFault = 'refused' | 'none' | 'busy' | 'insecure' | 'gone'

/** An open microphone, or why there is none. */
export type Microphone = { readonly stream: MediaStream } | { readonly fault: MicrophoneFault }

/**
 * Asks for the microphone as a telephone needs it: one channel, without the echo of the loudspeaker, and otherwise as it
 * is. In Chromium that leaves mu-law's own 37 dB between what was said and what arrives; with noise suppression it is 15 to
 * 27 dB and with automatic gain 11 to 19, and the agent then understands less.
 */
export async function openMicrophone(): Promise<Microphone> {
  // Absent on pages that are not secure, whatever its type says.
  const devices: MediaDevices | undefined = navigator.mediaDevices
  if (devices === undefined) return { fault: 'insecure' }
  const audio = { channelCount: 1, echoCancellation: true, noiseSuppression: false, autoGainControl: false }
  try {
    return { stream: await devices.getUserMedia({ audio }) }
  } catch (error) {
    return { fault: faultOf(error instanceof DOMException ? error.name : '') }
  }
}

/** Lets it go: the browser's sign that it is listening goes out. */
export function closeMicrophone(microphone: Microphone): void {
  if ('stream' in microphone) for (const track of microphone.stream.getTracks()) track.stop()
}

function faultOf(name: string): MicrophoneFault {
  if (name === 'NotAllowedError') return 'refused'
  return name === 'NotReadableError' || name === 'AbortError' ? 'busy' : 'none'
}
