package tracking

// Check digits, as the carriers' label specifications have them. A number that
// matches a pattern and fails its digit is somebody else's.

// s10Digit is that of UPU standard S10: two letters, eight digits weighed
// 8 6 4 2 3 5 9 7, the check digit, a country.
func s10Digit(n string) bool {
	if len(n) != 13 {
		return false
	}
	weights := []int{8, 6, 4, 2, 3, 5, 9, 7}
	sum := 0
	for i, w := range weights {
		sum += w * digit(n[2+i])
	}
	want := 11 - sum%11
	switch want {
	case 10:
		want = 0
	case 11:
		want = 5
	}
	return want == digit(n[10])
}

// upsDigit is that of 1Z numbers: letters count as (ASCII − 3) mod 10, every
// second character doubles, the sum with the last is a multiple of ten.
func upsDigit(n string) bool {
	if len(n) != 18 {
		return false
	}
	sum := 0
	for i := 2; i < 17; i++ {
		v := digit(n[i])
		if n[i] >= 'A' {
			v = (int(n[i]) - 3) % 10
		}
		if i%2 == 1 {
			v *= 2
		}
		sum += v
	}
	return (10-sum%10)%10 == digit(n[17])
}

// fedexDigit is that of Express numbers of 12 digits (weights 3 1 7, mod 11) and of
// Ground numbers of 15 (mod 10).
func fedexDigit(n string) bool {
	switch len(n) {
	case 12:
		sum := 0
		for i, w := range []int{3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1} {
			sum += w * digit(n[i])
		}
		return sum%11%10 == digit(n[11])
	case 15:
		return mod10(n)
	}
	return false
}

// uspsDigit is that of the last 22 digits of a service barcode.
func uspsDigit(n string) bool { return len(n) >= 22 && mod10(n[len(n)-22:]) }

// dhlDigit is that of an air waybill: the first nine digits mod 7.
func dhlDigit(n string) bool {
	if len(n) != 10 {
		return len(n) > 2 && n[:2] == "JD" // a piece number, which has none
	}
	return mod7Digit(n)
}

// mod7Digit is that of Japanese parcel services and of air waybills.
func mod7Digit(n string) bool {
	if len(n) < 10 || len(n) > 12 {
		return false
	}
	rest := 0
	for i := range len(n) - 1 {
		if n[i] < '0' || n[i] > '9' {
			return false
		}
		rest = (rest*10 + digit(n[i])) % 7
	}
	return rest == digit(n[len(n)-1])
}

func s10OrMod10(n string) bool {
	if len(n) == 13 {
		return s10Digit(n)
	}
	return mod10(n)
}

// mod10 is the digit of GS1: from the right, every second digit counts threefold.
func mod10(n string) bool {
	sum := 0
	for i := range len(n) - 1 {
		v := digit(n[len(n)-2-i])
		if i%2 == 0 {
			v *= 3
		}
		sum += v
	}
	return (10-sum%10)%10 == digit(n[len(n)-1])
}

func digit(c byte) int { return int(c - '0') }
