/** Who calls, and is called, when the doctor tries a house: a number that belongs to nobody. */
export const DOCTOR_NUMBER = '+15550100000'
