package main

import "github.com/virgadb/virga"

// city is one row of the example.
type city struct {
	Name       string   `msgpack:"name"`
	Country    string   `msgpack:"country"`
	Population int      `msgpack:"population"` // thousands, the urban area, rounded
	Loc        virga.D  `msgpack:"loc"`        // GeoJSON: longitude, latitude
	Tags       []string `msgpack:"tags,omitempty"`
}

func at(name, country string, population int, lng, lat float64, tags ...string) city {
	point := virga.D{{"type", "Point"}, {"coordinates", []float64{lng, lat}}}
	return city{Name: name, Country: country, Population: population, Loc: point, Tags: tags}
}

// cities are fifty-two places of the world with their true coordinates.
var cities = []city{
	at("Tokyo", "JP", 37400, 139.6917, 35.6895, "capital", "coast"),
	at("Osaka", "JP", 19100, 135.5022, 34.6937, "coast"),
	at("Sapporo", "JP", 2670, 141.3545, 43.0621),
	at("Beijing", "CN", 20460, 116.4074, 39.9042, "capital"),
	at("Shanghai", "CN", 27050, 121.4737, 31.2304, "coast"),
	at("Shenzhen", "CN", 12360, 114.0579, 22.5431, "coast"),
	at("Guangzhou", "CN", 13300, 113.2644, 23.1291, "river"),
	at("Chengdu", "CN", 9140, 104.0668, 30.5728),
	at("Hong Kong", "HK", 7550, 114.1694, 22.3193, "coast"),
	at("Seoul", "KR", 9960, 126.9780, 37.5665, "capital", "river"),
	at("Busan", "KR", 3460, 129.0756, 35.1796, "coast"),
	at("Taipei", "TW", 2720, 121.5654, 25.0330, "capital"),
	at("Manila", "PH", 13920, 120.9842, 14.5995, "capital", "coast"),
	at("Jakarta", "ID", 10770, 106.8456, -6.2088, "capital", "coast"),
	at("Singapore", "SG", 5940, 103.8198, 1.3521, "capital", "coast"),
	at("Bangkok", "TH", 10540, 100.5018, 13.7563, "capital", "river"),
	at("Hanoi", "VN", 4680, 105.8342, 21.0278, "capital", "river"),
	at("Delhi", "IN", 30290, 77.1025, 28.7041, "river"),
	at("Mumbai", "IN", 20410, 72.8777, 19.0760, "coast"),
	at("Bengaluru", "IN", 12330, 77.5946, 12.9716),
	at("Dhaka", "BD", 21010, 90.4125, 23.8103, "capital", "river"),
	at("Karachi", "PK", 16090, 67.0011, 24.8607, "coast"),
	at("Tehran", "IR", 9140, 51.3890, 35.6892, "capital"),
	at("Dubai", "AE", 2880, 55.2708, 25.2048, "coast"),
	at("Istanbul", "TR", 15190, 28.9784, 41.0082, "coast"),
	at("Moscow", "RU", 12540, 37.6173, 55.7558, "capital", "river"),
	at("Cairo", "EG", 20900, 31.2357, 30.0444, "capital", "river"),
	at("Lagos", "NG", 14370, 3.3792, 6.5244, "coast"),
	at("Nairobi", "KE", 4740, 36.8219, -1.2921, "capital"),
	at("Kinshasa", "CD", 14340, 15.2663, -4.4419, "capital", "river"),
	at("Cape Town", "ZA", 4620, 18.4241, -33.9249, "coast"),
	at("Johannesburg", "ZA", 5780, 28.0473, -26.2041),
	at("London", "GB", 9300, -0.1276, 51.5072, "capital", "river"),
	at("Paris", "FR", 11020, 2.3522, 48.8566, "capital", "river"),
	at("Madrid", "ES", 6620, -3.7038, 40.4168, "capital"),
	at("Barcelona", "ES", 5590, 2.1734, 41.3851, "coast"),
	at("Rome", "IT", 4260, 12.4964, 41.9028, "capital", "river"),
	at("Berlin", "DE", 3560, 13.4050, 52.5200, "capital", "river"),
	at("Hamburg", "DE", 1790, 9.9937, 53.5511, "river"),
	at("Oslo", "NO", 1040, 10.7522, 59.9139, "capital", "coast"),
	at("Bergen", "NO", 280, 5.3221, 60.3913, "coast"),
	at("Reykjavik", "IS", 130, -21.9426, 64.1466, "capital", "coast"),
	at("New York", "US", 18800, -74.0060, 40.7128, "coast", "river"),
	at("Los Angeles", "US", 12450, -118.2437, 34.0522, "coast"),
	at("Chicago", "US", 8860, -87.6298, 41.8781),
	at("Toronto", "CA", 6200, -79.3832, 43.6532),
	at("Mexico City", "MX", 21780, -99.1332, 19.4326, "capital"),
	at("Bogotá", "CO", 10980, -74.0721, 4.7110, "capital"),
	at("Lima", "PE", 10720, -77.0428, -12.0464, "capital", "coast"),
	at("São Paulo", "BR", 22040, -46.6333, -23.5505),
	at("Buenos Aires", "AR", 15150, -58.3816, -34.6037, "capital", "river"),
	at("Sydney", "AU", 4930, 151.2093, -33.8688, "coast"),
}
