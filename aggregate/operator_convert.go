package aggregate

// ToBool converts x to a boolean. What cannot be converted is an error; null stays
// null.
func ToBool(x any) Expression { return Expression{"$toBool", one(x)} }

// ToDate converts x to a date. What cannot be converted is an error; null stays
// null.
func ToDate(x any) Expression { return Expression{"$toDate", one(x)} }

// ToDouble converts x to a float. What cannot be converted is an error; null stays
// null.
func ToDouble(x any) Expression { return Expression{"$toDouble", one(x)} }

// ToInt converts x to an integer of 32 bits. What cannot be converted is an error;
// null stays null.
func ToInt(x any) Expression { return Expression{"$toInt", one(x)} }

// ToLong converts x to an integer of 64 bits. What cannot be converted is an error;
// null stays null.
func ToLong(x any) Expression { return Expression{"$toLong", one(x)} }

// ToString converts x to a string. What cannot be converted is an error; null stays
// null.
func ToString(x any) Expression { return Expression{"$toString", one(x)} }

// Type returns the name of the type of x, by MongoDB's names.
func Type(x any) Expression { return Expression{"$type", one(x)} }

// IsNumber reports whether x is a number.
func IsNumber(x any) Expression { return Expression{"$isNumber", one(x)} }
