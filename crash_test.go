package virga

func crashChild() error { return nil }
func holdChild() error  { return nil }
