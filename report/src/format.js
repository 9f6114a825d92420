const format = (options) => {
  const formatter = new Intl.NumberFormat("en", options);
  return (value) => (value == null ? "–" : formatter.format(value));
};

export const whole = format({ maximumFractionDigits: 0 });
export const two = format({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
export const one = format({ minimumFractionDigits: 1, maximumFractionDigits: 1 });
export const short = format({ notation: "compact", maximumFractionDigits: 1 });
export const percent = format({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 });
export const signedPercent = format({ style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" });
export const signedWhole = format({ maximumFractionDigits: 0, signDisplay: "exceptZero" });
export const signedTwo = format({ minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" });

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** 2025 stays, 2025-Q1 becomes Q1 2025, 2025-03 becomes Mar 2025. */
export function periodName(id) {
  if (/-Q/.test(id)) return id.replace(/(\d+)-(Q\d)/, "$2 $1");
  return id.length === 7 ? `${MONTHS[Number(id.slice(5)) - 1]} ${id.slice(0, 4)}` : id;
}
