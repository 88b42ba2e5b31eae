// Figures of a bench, each with its aim; they go to the file that SIDEREAL_BENCH names.
import { writeFileSync } from 'node:fs'

const figures: { name: string; value: string; aim: string }[] = []

export function note(name: string, value: string, aim: string) {
  figures.push({ name, value, aim })
  console.log(`${name}: ${value} (aim ${aim})`)
}

export function writeFigures() {
  if (process.env.SIDEREAL_BENCH) writeFileSync(process.env.SIDEREAL_BENCH, JSON.stringify({ rows: figures }))
}

export const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]
